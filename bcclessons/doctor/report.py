"""What this machine can do, as data: each check has a state, a reason and a fix."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bcclessons.doctor import bcc_checks, kernel_checks, vm_checks
from bcclessons.doctor.check import Check, State
from bcclessons.doctor.fixes import PackageManager
from bcclessons.doctor.kernel import Kernel, examine_kernel, rights
from bcclessons.machines.headers import FOLDER as STANDIN_FOLDER
from bcclessons.machines.vm import layout
from bcclessons.setup import bundle
from bcclessons.setup.programs import STANDIN_TOOLS, VM_RUN_TOOLS, VM_TOOLS, missing

if TYPE_CHECKING:
    from bcclessons.machines.debian import Release
    from bcclessons.machines.workspace import Workspace
    from bcclessons.setup.bundle import Taken
    from bcclessons.setup.system import System


@dataclass(frozen=True)
class Report:
    """What a machine can do; its VM is of ``release``.

    ``headers_package`` would bring this kernel's own headers. ``vm_missing`` and
    ``standin_missing`` are the Debian packages still to install for the VM and for
    stand-in headers; ``can_install`` tells whether apt and root are there for it.
    ``bundle`` is what the cache was filled from, for use without a network.
    """

    checks: tuple[Check, ...]
    kernel: Kernel
    machine: str
    release: Release
    can_install: bool
    bundle: Taken | None
    headers_package: str | None
    standin_missing: tuple[str, ...]
    vm_missing: tuple[str, ...]

    def __getitem__(self, name: str) -> Check:
        """Return the check of this name."""
        return {check.name: check for check in self.checks}[name]


def examine(system: System, workspace: Workspace) -> Report:
    """Look at a machine, and at what a VM of the workspace's release still takes."""
    cache, release = workspace.cache, workspace.release
    kernel = examine_kernel(system)
    granted = rights(system)
    root = bcc_checks.check_root(system, granted)
    package = bcc_checks.headers_package(system, kernel)
    image = layout.usable_image(cache, release)
    vm_missing = missing(system, VM_RUN_TOOLS if image else VM_TOOLS)
    standin = (cache / STANDIN_FOLDER).is_dir()
    return Report(
        checks=(
            root,
            kernel_checks.check_kernel(kernel),
            *(
                kernel_checks.check_feature(name, kernel)
                for name in kernel_checks.FEATURES
            ),
            kernel_checks.check_tracefs(system, kernel, granted),
            kernel_checks.check_lockdown(kernel),
            bcc_checks.check_headers(system, kernel, package),
            bcc_checks.check_bcc(system),
            vm_checks.check_qemu(system, vm_missing),
            vm_checks.check_kvm(system, cache),
            vm_checks.check_disk(system, cache, image),
        ),
        kernel=kernel,
        machine=system.machine,
        release=release,
        can_install=root.state is not State.MISSING and PackageManager(system).present,
        bundle=bundle.taken(cache),
        headers_package=package,
        standin_missing=() if standin else missing(system, STANDIN_TOOLS),
        vm_missing=vm_missing,
    )
