"""``python -m niwt_core`` is ``niwt``."""

from niwt_core.cli.main import main

if __name__ == "__main__":
    main()
