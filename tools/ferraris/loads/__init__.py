"""Loads without waveforms: tables of power over time, as steps for hal.sim.load_model."""
