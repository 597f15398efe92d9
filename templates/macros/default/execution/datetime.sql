{# Dates at compile time: everything here is computed while rendering, none of it by the database. #}

{% macro convert_datetime(date_str, date_fmt) %}
  {%- set problem = "partition date `" ~ date_str ~ "` does not have the format `" ~ date_fmt ~ "`" -%}
  {{ return(try_or_compiler_error(problem, modules.datetime.datetime.strptime, date_str.strip(), date_fmt)) }}
{% endmacro %}


{# Every day from the first to the last date, both included, as text; without a last date only the first. #}
{% macro dates_in_range(start_date_str, end_date_str=none, in_fmt="%Y%m%d", out_fmt="%Y%m%d") %}
  {%- set first = convert_datetime(start_date_str, in_fmt) -%}
  {%- set last = convert_datetime(end_date_str if end_date_str is not none else start_date_str, in_fmt) -%}
  {%- set span = (last - first).days -%}
  {%- if span < 0 -%}
    {%- do exceptions.raise_compiler_error(
        'dates_in_range: the start date ' ~ start_date_str ~ ' is after the end date ' ~ end_date_str) -%}
  {%- endif -%}

  {%- set days = [] -%}
  {%- for offset in range(span + 1) -%}
    {%- do days.append((first + modules.datetime.timedelta(days=offset)).strftime(out_fmt)) -%}
  {%- endfor -%}
  {{ return(days) }}
{% endmacro %}


{# `20180101` or `20180101,20180131` (first and last day) to the list of days. #}
{% macro partition_range(raw_partition_date, date_fmt='%Y%m%d') %}
  {%- set bounds = (raw_partition_date | string).split(',') -%}
  {%- if bounds | length > 2 -%}
    {%- do exceptions.raise_compiler_error(
        'partition_range: expected one date or `first,last`, got ' ~ raw_partition_date) -%}
  {%- endif -%}
  {{ return(dates_in_range(bounds[0], bounds[1] if bounds | length == 2 else none, in_fmt=date_fmt)) }}
{% endmacro %}


{# A time stamp down to the microsecond: short enough for a name, different for every call in practice. #}
{% macro py_current_timestring() %}
  {{ return(modules.datetime.datetime.now().strftime("%Y%m%d%H%M%S%f")) }}
{% endmacro %}
