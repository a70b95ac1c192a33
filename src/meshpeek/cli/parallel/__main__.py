"""`python -m meshpeek.cli.parallel`: the process of one workshop, see `worker`."""

from meshpeek.cli.garbage_collection import collecting_rarely

if __name__ == "__main__":
    with collecting_rarely():
        from meshpeek.cli.parallel.worker import main

        main()
