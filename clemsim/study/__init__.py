"""Studies: several runs and the characteristics of their models, played as one."""
