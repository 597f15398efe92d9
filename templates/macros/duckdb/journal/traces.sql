{#
  A sequence that is made in the transaction, and dropped once the journal has noted its end. Nobody else can see it: the
  database belongs to this process. Other databases that are attached know no sequences, or not these.
#}

{% macro duckdb__leave_trace(relation, key) %}
  {%- set kind = run_query("select type from duckdb_databases() where database_name = '"
      ~ relation.database | replace("'", "''") ~ "'") -%}
  {%- if kind.rows | length == 0 or kind.rows[0][0] != 'duckdb' -%}
    {{ return(none) }}
  {%- endif -%}
  {%- set trace = api.Relation.create(
      database=relation.database, schema=relation.schema, identifier='__tidegate_' ~ key).render() -%}
  {%- do run_query('create or replace sequence ' ~ trace) -%}
  {{ return(trace) }}
{% endmacro %}


{% macro duckdb__is_committed(trace) %}
  {%- set found = run_query("select count(*) from duckdb_sequences() where starts_with(sequence_name, '__tidegate_')"
      ~ " and contains('" ~ trace | replace("'", "''") ~ "', sequence_name)") -%}
  {{ return(found.rows[0][0] > 0) }}
{% endmacro %}


{% macro duckdb__remove_trace(trace) %}
  {%- do run_query('drop sequence if exists ' ~ trace) -%}
{% endmacro %}
