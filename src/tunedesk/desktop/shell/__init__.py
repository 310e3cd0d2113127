"""The frame around the panes: rail, top line, notices, status line, menus; knows no dataset and no run."""
