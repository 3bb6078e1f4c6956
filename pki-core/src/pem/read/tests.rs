use super::*;

const BLOCK: &str = "-----BEGIN X-----\nYWJj\nZGVm\n-----END X-----\n";

fn contents(text: &str) -> Result<Vec<Vec<u8>>, InvalidBlock> {
    let blocks = read(text.as_bytes())?;
    Ok(blocks.iter().map(|block| block.content.to_vec()).collect())
}

#[test]
fn every_line_end_and_blank_is_read() {
    for text in [
        BLOCK.to_owned(),
        BLOCK.replace('\n', "\r\n"),
        BLOCK.replace('\n', "\r"),
        BLOCK.replace('\n', " \t\n"),
        BLOCK.replace("\nY", "\n  Y"),
        BLOCK.replace("YWJj", "YW Jj"),
        BLOCK.replace("YWJj", "\n\nYWJj"),
        BLOCK.trim_end().to_owned(),
        format!("subject: x\n---\n{BLOCK}more\0\x0b\n"),
    ] {
        assert_eq!(contents(&text).unwrap(), [b"abcdef"], "{text:?}");
    }
    assert_eq!(contents(&BLOCK.repeat(2)).unwrap().len(), 2);
    assert_eq!(contents("text\n").unwrap().len(), 0);
    assert_eq!(read(BLOCK.as_bytes()).unwrap()[0].label, "X");
}

/// Wherever one octet of a block is changed, nothing is passed over.
#[test]
fn what_is_not_base64_is_refused() {
    for octet in [
        0, 0x07, 0x0b, 0x0c, 0x1b, 0x7f, 0x80, 0xa0, b'-', b':', b'.', b'*',
    ] {
        for place in 0..BLOCK.len() - 1 {
            let mut text = BLOCK.as_bytes().to_vec();
            if text[place] == octet {
                continue;
            }
            text[place] = octet;
            // A label may be any.
            if [11, 34].contains(&place) {
                continue;
            }
            assert!(read(&text).is_err(), "{octet:#x} at {place}");
        }
        // And between the lines.
        for (place, _) in BLOCK.match_indices('\n').take(3) {
            let mut text = BLOCK.as_bytes().to_vec();
            text.insert(place, octet);
            assert!(read(&text).is_err(), "{octet:#x} before {place}");
        }
    }
}

#[test]
fn what_is_wrong_is_named_with_its_line() {
    let told = |text: &str| contents(text).unwrap_err().to_string();
    assert!(
        told(&format!("a\n{}", BLOCK.replace("ZGVm", "Z\x0bVm")))
            .starts_with("line 4: the octet 0x0b")
    );
    assert!(
        told("-----BEGIN X-----\nYWJj\n")
            .starts_with("line 1: a PEM block begins here and has no END")
    );
    assert!(
        told(&BLOCK.replace("BEGIN", "BEGIM"))
            .starts_with("line 4: a PEM block ends here that has no BEGIN")
    );
    assert!(
        told(&BLOCK.replace("END X", "END Y"))
            .starts_with("line 4: a PEM block ends here with another label")
    );
    assert!(
        told(&BLOCK.replace("ZGVm", "ZGV"))
            .starts_with("line 1: the PEM block that begins here is not whole")
    );
    assert!(
        told(
            &BLOCK
                .replace("X-----\nZ", "X-----x\nZ")
                .replace("BEGIN X-----", "BEGIN X----")
        )
        .starts_with("line 1: a PEM block begins or ends here")
    );
}

#[test]
fn many_blocks_take_no_time_that_grows_with_their_square() {
    let blocks = read(BLOCK.repeat(100_000).as_bytes()).unwrap();
    assert_eq!(blocks.len(), 100_000);
}
