"""Where a board begins: which image is to run is looked up first, then its meter is started.

Frozen into MicroPython, this is what runs when the board has power; elsewhere /main.py imports it (`ferraris deploy`).
"""


def main():
    """Run the meter of the image that is to run, for ever."""
    try:
        __import__("start").run()
    except Exception as error:  # whatever it is: what the board was flashed with still meters
        if not ("%s" % error).lower().startswith("no module named 'start'"):  # an image without upgrades
            print("start:", type(error).__name__, error)
    from device import main as run

    run()


if __name__ == "__main__":
    main()
