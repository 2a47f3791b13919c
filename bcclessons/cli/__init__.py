"""The command line: what is declared, what learners do, what maintainers do; imports all of the above."""
