"""Pure functions of numbers, each with its source. They read no file and draw no picture."""
