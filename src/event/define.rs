//! How an event is declared: one block gives its name, code, payload, level and message.
//!
//! Input: the blocks in [`super::kinds`]. Output: one struct an event and the [`Event`](super::Event) enum
//! over all of them. The payload is what serde makes of the struct, so field names are dbt's `data` keys.

use super::{Level, Style};

/// What every event can tell about itself.
pub trait Describe: serde::Serialize {
    /// Returns dbt's name of the event, for example `LogModelResult`.
    fn name(&self) -> &str;

    /// Returns dbt's code, for example `Q012`.
    fn code(&self) -> &str;

    /// Returns how loud the event is, unless the sender says otherwise.
    fn level(&self) -> Level;

    /// Returns the text shown to people.
    fn message(&self, style: &Style) -> String;

    /// Tells whether the node being worked on belongs into the payload as `node_info`.
    fn in_node(&self) -> bool {
        false
    }

    /// Tells whether the event is output asked for, not logging: shown without a time stamp, even when quiet.
    fn is_output(&self) -> bool {
        false
    }
}

/// Declares events. The closures get the event (and the style).
macro_rules! events {
    ($(
        $(#[$doc:meta])*
        $name:ident($code:literal) {
            $($(#[$attr:meta])* $field:ident: $type:ty),* $(,)?
        }
        level |$level_of:pat_param| $level:expr,
        text |$event:pat_param, $style:pat_param| $text:expr
        $(, $extra:ident)*;
    )*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, serde::Serialize)]
        #[allow(missing_docs, reason = "the fields are the keys of dbt's payload, and named by it")]
        pub struct $name {
            $($(#[$attr])* pub $field: $type,)*
        }

        impl $crate::event::Describe for $name {
            fn name(&self) -> &str {
                stringify!($name)
            }

            fn code(&self) -> &str {
                $code
            }

            fn level(&self) -> $crate::event::Level {
                let $level_of = self;
                $level
            }

            fn message(&self, style: &$crate::event::Style) -> String {
                let ($event, $style) = (self, style);
                $text
            }

            $(fn $extra(&self) -> bool {
                true
            })*
        }
    )*};
}

/// Declares the enum over all events.
macro_rules! event_enum {
    ($($name:ident),* $(,)?) => {
        /// Anything that can happen, ready to be sent.
        #[derive(Clone, Debug, serde::Serialize)]
        #[serde(untagged)]
        #[allow(missing_docs, reason = "each variant is documented at its payload")]
        pub enum Event {
            $($name($name),)*
        }

        $(impl From<$name> for Event {
            fn from(event: $name) -> Self {
                Self::$name(event)
            }
        })*

        impl Event {
            /// Returns the payload as something that describes itself.
            fn inner(&self) -> &dyn DescribeDyn {
                match self {
                    $(Self::$name(event) => event,)*
                }
            }

            /// The names of all events that have one fixed name.
            pub const NAMES: &'static [&'static str] = &[$(stringify!($name)),*];
        }
    };
}

pub(super) use {event_enum, events};

/// [`Describe`] without serde, so that it can be a trait object.
pub(super) trait DescribeDyn {
    fn dyn_name(&self) -> &str;
    fn dyn_code(&self) -> &str;
    fn dyn_level(&self) -> Level;
    fn dyn_message(&self, style: &Style) -> String;
    fn dyn_in_node(&self) -> bool;
    fn dyn_is_output(&self) -> bool;
}

impl<T: Describe> DescribeDyn for T {
    fn dyn_name(&self) -> &str {
        self.name()
    }

    fn dyn_code(&self) -> &str {
        self.code()
    }

    fn dyn_level(&self) -> Level {
        self.level()
    }

    fn dyn_message(&self, style: &Style) -> String {
        self.message(style)
    }

    fn dyn_in_node(&self) -> bool {
        self.in_node()
    }

    fn dyn_is_output(&self) -> bool {
        self.is_output()
    }
}
