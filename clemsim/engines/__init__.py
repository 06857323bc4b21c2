"""Engines speak to model servers: Request in, Completion out. Nothing above them knows how."""
