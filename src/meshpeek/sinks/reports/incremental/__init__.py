"""Reports that are whole after every step, at a cost that is linear in what they hold.

The report of a killed job must hold every finished step and must be well-formed. Writing all of it
again after each step would do, but 5,000 steps would write 5,000 reports. So a formatter never
returns its whole text, only what is new and a short end (`document`), and the file is whole for its
readers after every step (`double_buffered_file`).
"""
