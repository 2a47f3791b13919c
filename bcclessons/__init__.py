"""The tooling of BCC Lessons: run, check and test the programs in ``lessons/``."""
