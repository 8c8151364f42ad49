"""The meter on a test bench: every point of the accuracy tables, against values known in closed form.

limits      the tables of limits, as the manual and the standards print them
points      the tables laid out into rows: one value of one signal against one limit
signals     what is applied           analytic    what it amounts to, without any code of the meter
front_ends  ideal, or with errors     bench       the meter under test
report, chart, command                what people see
"""
