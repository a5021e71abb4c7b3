use crate::transport::Duplex;
use ferropool_pool::Sever;
use std::io::{self, Read, Write};
use std::net::Shutdown;
#[cfg(not(windows))]
use std::net::TcpStream;
#[cfg(unix)]
use std::os::fd::{AsFd, BorrowedFd};
#[cfg(unix)]
use std::os::unix::net::UnixStream;

/// A connected, non-blocking stream socket.
#[derive(Debug)]
pub enum Socket {
    /// TCP.
    #[cfg(not(windows))]
    Tcp(TcpStream),
    /// TCP, as mio needs it to say when it is ready. The lock is for the type's sake: whoever owns the
    /// connection is the only one to read or write.
    #[cfg(windows)]
    Tcp(parking_lot::Mutex<mio::net::TcpStream>),
    /// A Unix domain socket.
    #[cfg(unix)]
    Unix(UnixStream),
}

impl Socket {
    /// The TCP socket of the standard library, which does not block.
    pub fn tcp(stream: std::net::TcpStream) -> Self {
        #[cfg(not(windows))]
        return Self::Tcp(stream);
        #[cfg(windows)]
        return Self::Tcp(parking_lot::Mutex::new(mio::net::TcpStream::from_std(
            stream,
        )));
    }

    /// The socket, as mio registers it.
    #[cfg(any(not(target_os = "linux"), feature = "portable"))]
    pub fn with_source<R>(&self, register: impl FnOnce(&mut dyn mio::event::Source) -> R) -> R {
        #[cfg(unix)]
        return register(&mut mio::unix::SourceFd(&std::os::fd::AsRawFd::as_raw_fd(
            &self.as_fd(),
        )));
        #[cfg(windows)]
        match self {
            Self::Tcp(stream) => register(&mut *stream.lock()),
        }
    }

    /// Ends both directions, so that whoever reads sees the end of the stream.
    pub fn shutdown(&self) {
        // ENOTCONN: the peer was faster. Nothing is left to do in either case.
        let _ = match self {
            #[cfg(not(windows))]
            Self::Tcp(stream) => stream.shutdown(Shutdown::Both),
            #[cfg(windows)]
            Self::Tcp(stream) => stream.lock().shutdown(Shutdown::Both),
            #[cfg(unix)]
            Self::Unix(stream) => stream.shutdown(Shutdown::Both),
        };
    }
}

impl Duplex for Socket {
    fn read(&self, into: &mut [u8]) -> io::Result<usize> {
        match self {
            #[cfg(not(windows))]
            Self::Tcp(stream) => (&*stream).read(into),
            #[cfg(windows)]
            Self::Tcp(stream) => stream.lock().read(into),
            #[cfg(unix)]
            Self::Unix(stream) => (&*stream).read(into),
        }
    }

    fn write(&self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            #[cfg(not(windows))]
            Self::Tcp(stream) => (&*stream).write(bytes),
            #[cfg(windows)]
            Self::Tcp(stream) => stream.lock().write(bytes),
            #[cfg(unix)]
            Self::Unix(stream) => (&*stream).write(bytes),
        }
    }
}

#[cfg(unix)]
impl AsFd for Socket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Self::Tcp(stream) => stream.as_fd(),
            Self::Unix(stream) => stream.as_fd(),
        }
    }
}

/// Ends it from another thread. Whoever may do so holds its descriptor open, so that a reused one is never hit.
impl Sever for Socket {
    fn sever(&self) {
        self.shutdown();
    }
}
