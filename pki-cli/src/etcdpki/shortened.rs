//! Lists that would be too long to be read.

/// Where so many or fewer are to be listed, each is.
const FEW: usize = 40;

/// What of a list is listed: each where they are few, else those alone that stand out; and how many are
/// left out.
pub(super) fn shortened<T>(
    all: impl IntoIterator<Item = T>,
    stands_out: impl Fn(&T) -> bool,
) -> (Vec<T>, usize) {
    let mut listed: Vec<T> = all.into_iter().collect();
    let count = listed.len();
    if count > FEW {
        listed.retain(stands_out);
    }
    let left_out = count - listed.len();
    (listed, left_out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_many_those_are_listed_that_stand_out() {
        let is_even = |number: &usize| number.is_multiple_of(2);
        assert_eq!(shortened(1..=3, is_even), (vec![1, 2, 3], 0));
        assert_eq!(shortened(0..FEW, is_even).1, 0);
        let (listed, left_out) = shortened(0..=FEW, is_even);
        assert_eq!((listed.len(), left_out), (21, 20));
        assert!(listed.iter().all(is_even));
    }
}
