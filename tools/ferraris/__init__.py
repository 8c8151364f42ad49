"""The host package: run the meter, replay recordings, read meters, measure speed."""
