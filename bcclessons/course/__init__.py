"""What is taught, as data: lessons, exercises, recordings, results, a learner's progress; imports console and setup."""
