{# `partitioned_by` and `sorted_by`: how DuckLake lays out a table's files. Elsewhere the configs are ignored. #}

{# The config as a list of expressions; none when unset, temporary, or not DuckLake. #}
{% macro duckdb__get_partitioned_by(relation, temporary) -%}
  {%- set raw = config.get('partitioned_by', none) or config.get('partition_by', none) -%}
  {{ return(ducklake_layout_config(relation, temporary, raw, 'partitioned_by')) }}
{%- endmacro %}

{% macro duckdb__get_sorted_by(relation, temporary) -%}
  {{ return(ducklake_layout_config(relation, temporary, config.get('sorted_by', none) or config.get('sort_by', none), 'sorted_by')) }}
{%- endmacro %}

{% macro ducklake_layout_config(relation, temporary, raw, name) -%}
  {%- set expressions = normalize_string_or_list(raw, name) -%}
  {%- if not expressions or temporary -%}
    {{ return(none) }}
  {%- elif not adapter.is_ducklake(relation) -%}
    {%- do adapter.warn_once('`' ~ name ~ '` is only supported for DuckLake tables; ignoring it for ' ~ relation) -%}
    {{ return(none) }}
  {%- endif -%}
  {{ return(expressions) }}
{%- endmacro %}


{% macro ducklake_layout_statements(relation, partitioned_by, sorted_by) -%}
  {%- if partitioned_by -%}
    {{ duckdb__alter_table_set_partitioned_by(relation, partitioned_by) }}
  {%- endif %}
  {%- if sorted_by %}
    {{ duckdb__alter_table_set_sorted_by(relation, sorted_by) }}
  {%- endif -%}
{%- endmacro %}

{% macro duckdb__alter_table_set_partitioned_by(relation, partitioned_by) -%}
  alter table {{ relation.render() }} set partitioned by ({{ partitioned_by | join(', ') }});
{%- endmacro %}

{% macro duckdb__alter_table_set_sorted_by(relation, sorted_by) -%}
  alter table {{ relation.render() }} set sorted by ({{ sorted_by | join(', ') }});
{%- endmacro %}


{# A config that may be one text or a list of texts: always a list, empty texts left out. A text is not split. #}
{% macro normalize_string_or_list(raw, field_name) -%}
  {%- if raw is none -%}
    {{ return([]) }}
  {%- endif -%}
  {%- set parts = [raw] if raw is string else raw -%}
  {%- if parts is mapping or parts is not iterable -%}
    {%- do exceptions.raise_compiler_error('`' ~ field_name ~ '` must be a string or a list of strings') -%}
  {%- endif -%}

  {%- set cleaned = [] -%}
  {%- for part in parts -%}
    {%- if part is not string -%}
      {%- do exceptions.raise_compiler_error('`' ~ field_name ~ '` must be a string or a list of strings') -%}
    {%- elif part | trim -%}
      {%- do cleaned.append(part | trim) -%}
    {%- endif -%}
  {%- endfor -%}
  {{ return(cleaned) }}
{%- endmacro %}
