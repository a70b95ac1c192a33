#@import a.md
#@wiat
