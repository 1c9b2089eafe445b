//! The line of those who have a command for one stream: who came first takes effect first.
//!
//! As long as everything lands, nobody waits: a command is sent right behind the one before it. Once
//! something did not land, all that was built on it is decided anew, one after the other, and those
//! who come meanwhile stand behind.

use std::collections::BTreeSet;

/// A place in a line.
pub(crate) type Ticket = u64;

/// Who is in a line.
#[derive(Debug, Default)]
pub(crate) struct Line {
    tickets: Ticket,
    /// Those whose append is on its way, on the state that is in use.
    sent: BTreeSet<Ticket>,
    /// Those who have yet to be sent on that state.
    waiting: BTreeSet<Ticket>,
}

impl Line {
    /// Whether nobody was ever in it.
    pub(crate) fn is_new(&self) -> bool {
        self.tickets == 0
    }

    /// Joins it at its end.
    pub(crate) fn join(&mut self) -> Ticket {
        self.tickets += 1;
        self.tickets
    }

    /// Whether nobody before a ticket has yet to be sent. If it has to wait, it is noted.
    pub(crate) fn may_go(&mut self, ticket: Ticket) -> bool {
        let may_go = self.waiting.first().is_none_or(|first| *first >= ticket);
        if !may_go {
            self.waiting.insert(ticket);
        }
        may_go
    }

    /// Sent on the state in use. Whether others may have waited for that.
    pub(crate) fn sent(&mut self, ticket: Ticket) -> bool {
        self.sent.insert(ticket);
        self.waiting.remove(&ticket)
    }

    /// Another state is in use: all that was sent may have to be sent again.
    pub(crate) fn start_anew(&mut self) {
        self.waiting.append(&mut self.sent);
    }

    /// Leaves the line. Whether others may have waited for that.
    pub(crate) fn leave(&mut self, ticket: Ticket) -> bool {
        self.sent.remove(&ticket);
        self.waiting.remove(&ticket)
    }

    /// Those before a ticket lose their places.
    pub(crate) fn overtake(&mut self, ticket: Ticket) {
        self.waiting = self.waiting.split_off(&ticket);
    }
}

#[cfg(test)]
mod tests {
    use super::Line;

    #[test]
    fn nobody_waits_while_everything_lands() {
        let mut line = Line::default();
        for _ in 0..3 {
            let ticket = line.join();
            assert!(line.may_go(ticket));
            assert!(!line.sent(ticket), "nobody waited for it");
        }
    }

    #[test]
    fn who_came_first_is_sent_again_first() {
        let mut line = Line::default();
        let [one, two] = [line.join(), line.join()];
        line.sent(one);
        line.sent(two);
        line.start_anew();
        let three = line.join();
        assert!(line.may_go(one) && !line.may_go(two) && !line.may_go(three));
        assert!(line.sent(one));
        assert!(line.may_go(two) && !line.may_go(three));
        assert!(line.leave(two), "whoever gives up makes way");
        assert!(line.may_go(three));
    }

    #[test]
    fn who_is_overtaken_makes_nobody_wait() {
        let mut line = Line::default();
        let [one, two] = [line.join(), line.join()];
        line.sent(one);
        line.start_anew();
        assert!(!line.may_go(two));
        line.overtake(two);
        assert!(line.may_go(two) && line.may_go(one));
    }
}
