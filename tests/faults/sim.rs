//! A disk that fails on demand and can lose power: every write, cut and new name is remembered with whether a sync
//! made it certain, and [`Sim::after_power_cut`] gives every state that the disk may then be in.

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
    io,
    path::{Path, PathBuf},
    rc::Rc,
};

use quantlearn::runtime::store::disk::{Disk, Kind, LogFile, Meta, Mode};
use rustix::io::Errno;

#[derive(Clone, Copy, Debug)]
pub enum Fault {
    /// This operation fails.
    Once(Errno),
    /// This one and the next: a sync fails, and then the cut that should take the write back.
    Twice(Errno),
    /// A write takes half and the rest fails; any other operation fails at once.
    HalfThen(Errno),
    /// A write takes half and goes on.
    Short,
    /// Nothing works any more.
    Dead,
}

#[derive(Clone, Default)]
pub struct Sim(Rc<RefCell<Machine>>);

#[derive(Default)]
struct Machine {
    files: BTreeMap<PathBuf, SimFile>,
    dirs: BTreeSet<PathBuf>,
    n_ops: usize,
    plan: Option<(usize, Fault)>,
}

#[derive(Clone, Default)]
struct SimFile {
    changes: Vec<(Change, Certainty)>,
    /// Its name in the folder survives.
    named: bool,
}

#[derive(Clone)]
enum Change {
    Write(usize, Vec<u8>),
    Truncate(usize),
}

#[derive(Clone, Copy, PartialEq)]
enum Certainty {
    /// A sync will make it certain.
    Dirty,
    /// A sync failed on it; no later one can be trusted with it.
    Doubtful,
    Certain,
}

impl Sim {
    pub fn with_file(path: &Path, bytes: &[u8]) -> Self {
        let sim = Self::default();
        let change = (Change::Write(0, bytes.to_vec()), Certainty::Certain);
        let file = SimFile { changes: vec![change], named: true };
        sim.0.borrow_mut().files.insert(path.to_path_buf(), file);
        sim.0.borrow_mut().dirs.extend(path.ancestors().skip(1).map(Path::to_path_buf));
        sim
    }

    /// The n-th operation from the beginning (0-based) meets the fault.
    pub fn plan(&self, n: usize, fault: Fault) {
        self.0.borrow_mut().plan = Some((n, fault));
    }

    pub fn heal(&self) {
        self.0.borrow_mut().plan = None;
    }

    pub fn n_ops(&self) -> usize {
        self.0.borrow().n_ops
    }

    pub fn bytes(&self, path: &Path) -> Option<Vec<u8>> {
        self.0.borrow().files.get(path).map(SimFile::bytes)
    }

    /// What may stand at `path` if the power went now: any doubtful change made, torn or missing.
    pub fn after_power_cut(&self, path: &Path) -> Vec<Option<Vec<u8>>> {
        let machine = self.0.borrow();
        let Some(file) = machine.files.get(path) else { return vec![None] };
        let mut states = vec![Vec::new()];
        for (change, certainty) in &file.changes {
            let mut next = Vec::new();
            for state in &states {
                if *certainty != Certainty::Certain {
                    next.push(state.clone());
                    if let Change::Write(at, bytes) = change {
                        next.push(apply(state, &Change::Write(*at, bytes[..bytes.len() / 2].to_vec())));
                        // The length arrived, the bytes did not.
                        next.push(apply(state, &Change::Write(*at, vec![0; bytes.len()])));
                    }
                }
                next.push(apply(state, change));
            }
            next.sort();
            next.dedup();
            states = next;
        }
        let gone = (!file.named).then_some(None);
        states.into_iter().map(Some).chain(gone).collect()
    }

    /// Counts an operation and says whether it meets a fault.
    fn op(&self) -> io::Result<Option<Fault>> {
        let mut machine = self.0.borrow_mut();
        let n = machine.n_ops;
        machine.n_ops += 1;
        let Some((at, fault)) = machine.plan else { return Ok(None) };
        let hits = match fault {
            Fault::Twice(_) => n == at || n == at + 1,
            Fault::Dead => n >= at,
            _ => n == at,
        };
        match fault {
            _ if !hits => Ok(None),
            Fault::Once(errno) | Fault::Twice(errno) => Err(errno.into()),
            Fault::Dead => Err(Errno::IO.into()),
            Fault::HalfThen(_) | Fault::Short => Ok(Some(fault)),
        }
    }

    /// The same for operations that cannot be done by half.
    fn whole_op(&self) -> io::Result<()> {
        match self.op()? {
            Some(Fault::HalfThen(errno)) => Err(errno.into()),
            _ => Ok(()),
        }
    }

    fn meta(&self, path: &Path) -> Option<Meta> {
        let machine = self.0.borrow();
        if let Some(file) = machine.files.get(path) {
            return Some(Meta { kind: Kind::File, len: file.bytes().len() as u64, identity: (1, 1) });
        }
        machine.dirs.contains(path).then_some(Meta { kind: Kind::Dir, len: 0, identity: (1, 2) })
    }
}

impl SimFile {
    /// As programs see it.
    fn bytes(&self) -> Vec<u8> {
        self.changes.iter().fold(Vec::new(), |bytes, (change, _)| apply(&bytes, change))
    }
}

fn apply(bytes: &[u8], change: &Change) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    match change {
        Change::Truncate(len) => bytes.truncate(*len),
        Change::Write(at, new) => {
            bytes.resize(bytes.len().max(at + new.len()), 0);
            bytes[*at..at + new.len()].copy_from_slice(new);
        }
    }
    bytes
}

impl Disk for Sim {
    type File = OpenFile;

    fn look(&self, path: &Path) -> io::Result<Option<Meta>> {
        self.whole_op()?;
        Ok(self.meta(path))
    }

    fn create_dir(&self, path: &Path) -> io::Result<()> {
        self.whole_op()?;
        self.0.borrow_mut().dirs.insert(path.to_path_buf());
        Ok(())
    }

    fn sync_dir(&self, path: &Path) -> io::Result<()> {
        self.whole_op()?;
        for (file, state) in &mut self.0.borrow_mut().files {
            state.named |= file.parent() == Some(path);
        }
        Ok(())
    }

    fn open(&self, path: &Path, mode: Mode) -> io::Result<OpenFile> {
        self.whole_op()?;
        let mut machine = self.0.borrow_mut();
        let exists = machine.files.contains_key(path);
        if mode == Mode::Read && !exists || !path.parent().is_some_and(|dir| machine.dirs.contains(dir)) {
            return Err(io::ErrorKind::NotFound.into());
        }
        machine.files.entry(path.to_path_buf()).or_default();
        Ok(OpenFile { sim: self.clone(), path: path.to_path_buf() })
    }
}

pub struct OpenFile {
    sim: Sim,
    path: PathBuf,
}

impl OpenFile {
    fn change(&self, change: Change) {
        let mut machine = self.sim.0.borrow_mut();
        let file = machine.files.get_mut(&self.path).expect("opening made it");
        file.changes.push((change, Certainty::Dirty));
    }

    fn settle(&self, certainty: Certainty) {
        let mut machine = self.sim.0.borrow_mut();
        let file = machine.files.get_mut(&self.path).expect("opening made it");
        for (_, state) in &mut file.changes {
            if *state == Certainty::Dirty {
                *state = certainty;
            }
        }
    }
}

impl LogFile for OpenFile {
    fn meta(&self) -> io::Result<Meta> {
        self.sim.whole_op()?;
        Ok(self.sim.meta(&self.path).expect("opening made it"))
    }

    fn lock(&self, _: Mode) -> io::Result<()> {
        self.sim.whole_op()
    }

    fn read_at(&mut self, offset: u64, bytes: &mut [u8]) -> io::Result<usize> {
        self.sim.whole_op()?;
        let all = self.sim.bytes(&self.path).expect("opening made it");
        let rest = all.get(offset as usize..).unwrap_or_default();
        let n = rest.len().min(bytes.len());
        bytes[..n].copy_from_slice(&rest[..n]);
        Ok(n)
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let fault = self.sim.op()?;
        let n = if fault.is_some() { bytes.len().div_ceil(2) } else { bytes.len() };
        let at = self.sim.bytes(&self.path).expect("opening made it").len();
        self.change(Change::Write(at, bytes[..n].to_vec()));
        if let Some(Fault::HalfThen(errno)) = fault {
            let next = self.sim.n_ops();
            self.sim.plan(next, Fault::Once(errno));
        }
        Ok(n)
    }

    fn sync(&self) -> io::Result<()> {
        let done = self.sim.whole_op();
        self.settle(if done.is_ok() { Certainty::Certain } else { Certainty::Doubtful });
        done
    }

    fn truncate(&self, len: u64) -> io::Result<()> {
        self.sim.whole_op()?;
        self.change(Change::Truncate(len as usize));
        Ok(())
    }
}
