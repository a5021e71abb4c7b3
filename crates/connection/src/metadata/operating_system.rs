//! What the process runs on ("client.os").

use ferropool_wire::Appender;
#[cfg(unix)]
use std::fs::File;
#[cfg(unix)]
use std::io::Read;
use std::sync::LazyLock;

/// The operating system; it is looked at once, since it does not change under a process.
#[derive(Debug)]
pub(super) struct OperatingSystem {
    kind: String,
    name: Option<String>,
    architecture: Option<String>,
    version: Option<String>,
}

impl OperatingSystem {
    /// The one that this process runs on.
    pub(super) fn current() -> &'static Self {
        static CURRENT: LazyLock<OperatingSystem> = LazyLock::new(OperatingSystem::detect);
        &CURRENT
    }

    #[cfg(unix)]
    fn detect() -> Self {
        let uname = rustix::system::uname();
        let text = |text: &std::ffi::CStr| {
            let text = text.to_string_lossy().into_owned();
            (!text.is_empty()).then_some(text)
        };
        Self {
            kind: text(uname.sysname()).unwrap_or_else(|| "unknown".to_owned()),
            name: distribution().or_else(|| Some(std::env::consts::OS.to_owned())),
            architecture: text(uname.machine()),
            version: text(uname.release()),
        }
    }

    #[cfg(not(unix))]
    fn detect() -> Self {
        let kind = match std::env::consts::OS {
            "windows" => "Windows",
            "" => "unknown",
            other => other,
        };
        Self {
            kind: kind.to_owned(),
            name: Some(std::env::consts::OS.to_owned()),
            architecture: Some(std::env::consts::ARCH.to_owned()),
            version: None,
        }
    }

    /// Appends `os`; without its details, `os.type` alone.
    pub(super) fn append(&self, client: &mut Appender<'_>, has_details: bool) {
        client.document("os", |os| {
            os.string("type", &self.kind);
            if !has_details {
                return;
            }
            let details = [
                ("name", &self.name),
                ("architecture", &self.architecture),
                ("version", &self.version),
            ];
            for (key, value) in details {
                if let Some(value) = value {
                    os.string(key, value);
                }
            }
        });
    }
}

/// `PRETTY_NAME` of `os-release`, where there is one.
#[cfg(unix)]
fn distribution() -> Option<String> {
    /// Such a file has some hundred bytes; what else is there is not read.
    const LIMIT: u64 = 16 << 10;
    let file = ["/etc/os-release", "/usr/lib/os-release"]
        .iter()
        .find_map(|path| File::open(path).ok())?;
    let mut text = String::new();
    file.take(LIMIT).read_to_string(&mut text).ok()?;
    pretty_name(&text)
}

#[cfg(unix)]
fn pretty_name(os_release: &str) -> Option<String> {
    let value = os_release
        .lines()
        .find_map(|line| line.strip_prefix("PRETTY_NAME="))?;
    let name = value.trim().trim_matches(['"', '\'']);
    (!name.is_empty()).then(|| name.to_owned())
}

#[cfg(all(test, unix))]
mod tests {
    use super::{OperatingSystem, pretty_name};

    #[test]
    fn the_distribution_is_named() {
        let debian =
            "ID=debian\nPRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nVERSION_ID=\"12\"\n";
        assert_eq!(
            pretty_name(debian).as_deref(),
            Some("Debian GNU/Linux 12 (bookworm)")
        );
        assert_eq!(pretty_name("PRETTY_NAME=Void\n").as_deref(), Some("Void"));
        for nameless in ["", "NAME=x\n", "PRETTY_NAME=\n", "PRETTY_NAME=\"\"\n"] {
            assert_eq!(pretty_name(nameless), None, "{nameless:?}");
        }
    }

    #[test]
    fn the_type_is_the_kernels_name() {
        let current = OperatingSystem::current();
        let expected = match std::env::consts::OS {
            "linux" => "Linux",
            "macos" => "Darwin",
            _ => current.kind.as_str(),
        };
        assert_eq!(current.kind, expected);
        assert!(current.version.is_some());
    }
}
