{#
    The source has clock times as numbers: 517 is 5:17 in the morning, 2400 is midnight at the end of the day.
#}

{# Minutes since the start of the day: 517 -> 317, 2400 -> 1440. -#}
{% macro clock_minutes(clock) -%}
    (cast(floor({{ clock }} / 100.0) as integer) * 60 + {{ clock }} % 100)
{%- endmacro %}

{# The moment a clock shows this time on this date: 2013-01-01 and 517 -> 2013-01-01 05:17. -#}
{% macro at_clock(date, clock) -%}
    ({{ dbt.dateadd('minute', clock_minutes(clock), date) }})
{%- endmacro %}
