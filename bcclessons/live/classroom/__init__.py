"""./lab class: one machine, many browsers; learners, their VMs, fair waiting, a board."""
