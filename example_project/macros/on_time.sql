{# The share of rows of which a condition holds. Engines differ in what they make of whole numbers, hence the `1.0`. -#}
{% macro share(condition) -%}
    round(count(*) filter (where {{ condition }}) * 1.0 / count(*), 4)
{%- endmacro %}

{# The share of flights that arrived on time. Cancelled and diverted flights count as not on time. -#}
{% macro on_time_share(arrival_delay) -%}
    {{ share(arrival_delay ~ ' <= ' ~ var('on_time_minutes')) }}
{%- endmacro %}
