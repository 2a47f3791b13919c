"""A Debian VM: its image, QEMU, the process that supervises it, and its use."""
