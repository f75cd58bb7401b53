//! Graphics processors and their drivers, from /proc and /sys.

use nanoserde::SerJson;

use super::files;
use crate::elf::root::Root;

/// The devices, and the version of the NVIDIA driver.
#[derive(Clone, Debug, Default, SerJson)]
#[nserde(serialize_none_as_null)]
#[allow(unreachable_pub)] // the derive reads no pub(crate)
pub struct Gpu {
    /// `535.129.03`; null if the kernel module is not loaded.
    pub nvidia_driver: Option<String>,
    pub devices: Vec<Device>,
}

/// One device.
#[derive(Clone, Debug, PartialEq, Eq, SerJson)]
#[nserde(serialize_none_as_null)]
#[allow(unreachable_pub)] // the derive reads no pub(crate)
pub struct Device {
    /// The model if the driver reports it, or else vendor and device number.
    pub name: String,
    pub driver: Option<String>,
}

/// Reads /proc/driver/nvidia and /sys/class/drm below `root`.
pub(crate) fn read(root: &Root) -> Gpu {
    let version = files::line(root, "/proc/driver/nvidia/version");
    let mut devices: Vec<Device> = files::names(root, "/proc/driver/nvidia/gpus")
        .iter()
        .filter_map(|name| {
            let path = format!("/proc/driver/nvidia/gpus/{name}/information");
            let text = files::read(root, &path)?;
            Some(Device {
                name: files::field(&text, "Model")?.to_owned(),
                driver: Some("nvidia".into()),
            })
        })
        .collect();
    let has_nvidia_devices = !devices.is_empty();
    let cards = files::names(root, "/sys/class/drm")
        .into_iter()
        .filter(|name| {
            // `card0`, but not its connector `card0-HDMI-A-1`.
            let number = name.strip_prefix("card").unwrap_or_default();
            !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit())
        });
    let cards = cards.filter_map(|card| drm_device(root, &card));
    devices.extend(
        cards.filter(|card| !(has_nvidia_devices && card.driver.as_deref() == Some("nvidia"))),
    );
    Gpu {
        nvidia_driver: version.as_deref().and_then(version_in).map(str::to_owned),
        devices,
    }
}

/// The number in `NVRM version: NVIDIA UNIX x86_64 Kernel Module  535.129.03  Thu Oct 19 …`.
fn version_in(line: &str) -> Option<&str> {
    line.split_whitespace()
        .find(|word| word.contains('.') && word.bytes().all(|b| b.is_ascii_digit() || b == b'.'))
}

fn drm_device(root: &Root, card: &str) -> Option<Device> {
    let at = |file: &str| format!("/sys/class/drm/{card}/device/{file}");
    let vendor = files::line(root, &at("vendor"));
    let device = files::line(root, &at("device"));
    let events = files::read(root, &at("uevent")).unwrap_or_default();
    let driver = events
        .lines()
        .find_map(|line| line.strip_prefix("DRIVER="))
        .map(str::to_owned);
    let maker = vendor.as_deref().map(|vendor| match vendor {
        "0x10de" => "NVIDIA",
        "0x1002" => "AMD",
        "0x8086" => "Intel",
        "0x1a03" => "ASPEED",
        "0x102b" => "Matrox",
        "0x15ad" => "VMware",
        "0x1af4" => "virtio",
        other => other,
    });
    let name = match (maker, device) {
        (Some(maker), Some(device)) => format!("{maker} {device}"),
        (Some(maker), None) => maker.to_owned(),
        (None, _) => driver.clone()?,
    };
    Some(Device { name, driver })
}
