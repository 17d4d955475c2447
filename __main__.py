"""`python -m nearsym` is the `nearsym` command."""

from nearsym.scripts.main import main

if __name__ == "__main__":
    main()
