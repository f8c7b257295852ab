from batchctl.cli import main

main()
