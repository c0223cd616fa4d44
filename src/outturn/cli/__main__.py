"""`python -m outturn.cli`: the command line of this very interpreter."""

from outturn.cli.main import main

main()
