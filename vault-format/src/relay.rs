//! Two threads that share the work on a stream, in constant memory.

use std::io;
use std::sync::mpsc;
use std::thread;

/// How many pieces may wait to be used.
const AHEAD: usize = 2;

/// Makes pieces on this thread and uses them, in order, on another one, which starts with the
/// second piece: a stream of one piece is not worth a thread.
///
/// `make` fills a piece, which may hold what an earlier use left in it, and returns `false` when
/// there is none any more.
pub(crate) fn relay<T: Default + Send, E: From<io::Error> + Send>(
    mut make: impl FnMut(&mut T) -> Result<bool, E>,
    mut handle: impl FnMut(&mut T) -> Result<(), E> + Send,
) -> Result<(), E> {
    let (mut first, mut second) = (T::default(), T::default());
    if !make(&mut first)? {
        return Ok(());
    }
    if !make(&mut second)? {
        return handle(&mut first);
    }
    thread::scope(|scope| {
        let (pieces, waiting) = mpsc::sync_channel(AHEAD);
        let (used, free) = mpsc::channel();
        let handling = thread::Builder::new().spawn_scoped(scope, move || {
            for mut piece in waiting {
                handle(&mut piece)?;
                // The other side may have nothing to fill any more.
                let _ = used.send(piece);
            }
            Ok(())
        })?;
        let made = send_all(&pieces, [first, second], || {
            let mut piece = free.try_recv().unwrap_or_default();
            Ok(make(&mut piece)?.then_some(piece))
        });
        drop(pieces);
        let handled = handling
            .join()
            .unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        made.and(handled)
    })
}

/// Sends what is there and what is made. That nobody receives is no error here: the other thread
/// has one, then.
fn send_all<T, E>(
    pieces: &mpsc::SyncSender<T>,
    there: [T; 2],
    mut make: impl FnMut() -> Result<Option<T>, E>,
) -> Result<(), E> {
    for piece in there {
        if pieces.send(piece).is_err() {
            return Ok(());
        }
    }
    while let Some(piece) = make()? {
        if pieces.send(piece).is_err() {
            break;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    type Piece = Vec<u8>;

    /// Pieces that hold their numbers.
    fn numbered(count: u8) -> impl FnMut(&mut Piece) -> Result<bool, io::Error> {
        let mut next = 0;
        move |piece| {
            *piece = vec![next];
            next += 1;
            Ok(next <= count)
        }
    }

    #[test]
    fn every_piece_arrives_once_and_in_order() {
        for count in [0, 1, 2, 3, 100] {
            let mut arrived = Vec::new();
            relay(numbered(count), |piece| {
                arrived.extend_from_slice(piece);
                Ok(())
            })
            .unwrap();
            assert_eq!(arrived, (0..count).collect::<Vec<_>>());
        }
    }

    #[test]
    fn an_error_on_either_side_ends_it() {
        let fails_at = |bad: u8| {
            move |piece: &mut Piece| match piece[0] == bad {
                true => Err(io::Error::other("handle")),
                false => Ok(()),
            }
        };
        for bad in [0, 1, 2, 50] {
            let error = relay(numbered(100), fails_at(bad)).unwrap_err();
            assert_eq!(error.to_string(), "handle");
            let mut numbers = numbered(100);
            let make = |piece: &mut Piece| {
                let more = numbers(piece)?;
                match piece[0] == bad {
                    true => Err(io::Error::other("make")),
                    false => Ok(more),
                }
            };
            let error = relay(make, |_| Ok::<_, io::Error>(())).unwrap_err();
            assert_eq!(error.to_string(), "make");
        }
    }
}
