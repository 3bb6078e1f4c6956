"use strict";
// The page is whole without this: it adds a filter, and opens what is closed before printing.
(() => {
  const form = document.querySelector("form.filter");
  const groups = [...document.querySelectorAll("details.group")].map((details) => ({
    details,
    wasOpen: details.open,
    rows: [...details.querySelectorAll("tbody tr")],
  }));
  const texts = new Map();
  const textOf = (row) => {
    if (!texts.has(row)) {
      texts.set(row, row.textContent.toLowerCase());
    }
    return texts.get(row);
  };
  const filter = () => {
    const words = form.elements.text.value.toLowerCase().split(/\s+/).filter(Boolean);
    const role = form.elements.role.value;
    const isFiltered = words.length > 0 || role !== "";
    let all = 0;
    let shown = 0;
    for (const { details, rows, wasOpen } of groups) {
      let here = 0;
      for (const row of rows) {
        const fits =
          (role === "" || row.dataset.role === role) &&
          words.every((word) => textOf(row).includes(word));
        row.hidden = !fits;
        here += fits ? 1 : 0;
      }
      details.open = isFiltered ? here > 0 : wasOpen;
      details.hidden = isFiltered && here === 0;
      all += rows.length;
      shown += here;
    }
    form.querySelector("output").textContent = isFiltered ? `${shown} of ${all}` : "";
  };
  let waiting = 0;
  form.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(filter, 80);
  });
  form.addEventListener("submit", (event) => event.preventDefault());
  form.hidden = groups.length === 0;
  const closed = () => [...document.querySelectorAll("details:not([open])")];
  let opened = [];
  addEventListener("beforeprint", () => {
    opened = closed();
    opened.forEach((details) => (details.open = true));
  });
  addEventListener("afterprint", () => opened.forEach((details) => (details.open = false)));
})();
