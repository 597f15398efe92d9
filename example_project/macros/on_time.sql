{# The share of flights that arrived on time. Cancelled and diverted flights count as not on time. -#}
{% macro on_time_share(arrival_delay) -%}
    round(count(*) filter ({{ arrival_delay }} <= {{ var('on_time_minutes') }}) / count(*), 4)
{%- endmacro %}
