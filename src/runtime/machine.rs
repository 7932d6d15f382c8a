//! The machine in hand: what the processor and the system say of themselves, and the clock.

use std::{
    fs, thread,
    time::{Duration, Instant},
};

use crate::{
    kernel::Isa,
    lab::{Caches, Machine},
    text::Text,
};

/// Looks at this computer. What it does not tell stays unknown.
pub fn this_machine() -> Machine {
    let cpu = cpu_name().map_or("this CPU".into(), |name| Text::clean_line(name.trim()).as_str().to_owned());
    let n_cores = thread::available_parallelism().map_or(1, usize::from);
    Machine::new(cpu, Isa::chosen(), caches(), n_cores, time)
}

fn time(run: &mut dyn FnMut()) -> Duration {
    let start = Instant::now();
    run();
    start.elapsed()
}

fn cpu_name() -> Option<String> {
    brand().or_else(|| {
        let info = fs::read_to_string("/proc/cpuinfo").ok()?;
        let line = info.lines().find(|line| line.starts_with("model name") || line.starts_with("Model"))?;
        line.split_once(':').map(|(_, name)| name.to_owned())
    })
}

#[cfg(target_arch = "x86_64")]
fn brand() -> Option<String> {
    let brand = raw_cpuid::CpuId::new().get_processor_brand_string()?;
    Some(brand.as_str().to_owned()).filter(|name| !name.trim().is_empty())
}

#[cfg(not(target_arch = "x86_64"))]
fn brand() -> Option<String> {
    None
}

/// What the system says; a virtual machine may report other caches than the processor has.
fn caches() -> Caches {
    let of_system = from_system();
    if of_system == Caches::default() { from_cpu() } else { of_system }
}

fn from_system() -> Caches {
    let mut found = Caches::default();
    for index in 0..8 {
        let read = |what| fs::read_to_string(format!("/sys/devices/system/cpu/cpu0/cache/index{index}/{what}")).ok();
        let (Some(level), Some(kind), Some(size)) = (read("level"), read("type"), read("size")) else { break };
        if kind.trim() == "Instruction" {
            continue;
        }
        keep(&mut found, level.trim().parse().unwrap_or(0), kib(size.trim()));
    }
    found
}

fn keep(caches: &mut Caches, level: u8, bytes: Option<u64>) {
    match level {
        1 => caches.l1 = bytes,
        2 => caches.l2 = bytes,
        3 => caches.l3 = bytes,
        _ => {}
    }
}

/// `32K` and `36M` in bytes.
fn kib(size: &str) -> Option<u64> {
    let unit = size.char_indices().find(|(_, c)| !c.is_ascii_digit()).map(|(at, _)| at)?;
    let factor = match &size[unit..] {
        "K" => 1 << 10,
        "M" => 1 << 20,
        _ => return None,
    };
    size[..unit].parse::<u64>().ok()?.checked_mul(factor)
}

#[cfg(target_arch = "x86_64")]
fn from_cpu() -> Caches {
    let mut found = Caches::default();
    for cache in raw_cpuid::CpuId::new().get_cache_parameters().into_iter().flatten() {
        if cache.cache_type() != raw_cpuid::CacheType::Instruction {
            let lines = (cache.associativity() * cache.physical_line_partitions() * cache.sets()) as u64;
            keep(&mut found, cache.level(), lines.checked_mul(cache.coherency_line_size() as u64));
        }
    }
    found
}

#[cfg(not(target_arch = "x86_64"))]
fn from_cpu() -> Caches {
    Caches::default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_of_the_system_are_read_or_left_out() {
        assert_eq!([kib("32K"), kib("36M"), kib("7"), kib("x"), kib("")], [Some(32 << 10), Some(36 << 20), None, None, None]);
        assert_eq!(kib("99999999999999999999K"), None);
    }

    #[test]
    fn this_machine_has_a_name_a_core_and_the_scalar_kernels() {
        let machine = this_machine();
        assert!(!machine.cpu.is_empty() && machine.n_cores > 0 && machine.sets.contains(&"scalar"), "{machine:?}");
        assert!(!machine.is_recorded());
    }

    #[test]
    fn the_clock_runs_what_it_times() {
        let mut n = 0;
        time(&mut || n += 1);
        assert_eq!(n, 1);
    }
}
