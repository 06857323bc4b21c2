"""The statistics: pure functions of numbers. They read no file and draw no picture; each names its source."""
