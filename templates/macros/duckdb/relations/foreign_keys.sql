{#
  DuckDB does not rename or drop a table that a foreign key refers to. Before such a table is replaced, the tables that
  refer to it are dropped in the same transaction, provided that this run is going to build them again from nothing;
  otherwise the run stops before anything is lost.
#}

{# Could a foreign key refer to the model's table? Only with a key of its own, which a contract declares. #}
{% macro may_be_foreign_key_target() -%}
  {%- set constraints = [] + (model.get('constraints') or []) -%}
  {%- for column in model['columns'].values() -%}
    {%- do constraints.extend(column.get('constraints') or []) -%}
  {%- endfor -%}
  {%- for constraint in constraints if constraint['type'] in ['primary_key', 'unique'] -%}
    {{ return(True) }}
  {%- endfor -%}
  {{ return(False) }}
{%- endmacro %}


{# Drops what refers to `relation`, directly or through others, those first that nothing refers to. #}
{% macro drop_foreign_key_dependents(relation) -%}
  {%- call statement('foreign_key_dependents', fetch_result=True) -%}
    with recursive foreign_keys as (
      select table_name, referenced_table
      from duckdb_constraints()
      where constraint_type = 'FOREIGN KEY'
        and lower(database_name) = '{{ relation.database | lower }}'
        and lower(schema_name) = '{{ relation.schema | lower }}'
        and lower(table_name) <> lower(referenced_table)
    ),
    dependents(table_name, depth) as (
      select table_name, 1
      from foreign_keys
      where lower(referenced_table) = '{{ relation.identifier | lower }}'
      union
      select foreign_keys.table_name, dependents.depth + 1
      from foreign_keys
      join dependents on lower(foreign_keys.referenced_table) = lower(dependents.table_name)
    )
    select table_name
    from dependents
    group by table_name
    order by max(depth) desc, table_name
  {%- endcall -%}
  {%- set names = load_result('foreign_key_dependents')['data'] | map('first') | list -%}

  {%- if names -%}
    {%- set builders = {} -%}
    {%- for node in graph.nodes.values()
        if node.resource_type in ['model', 'seed', 'snapshot']
        and node.schema | lower == relation.schema | lower
        and node.database | lower == relation.database | lower -%}
      {%- do builders.update({node.alias | lower: node}) -%}
    {%- endfor -%}

    {%- set problems = [] -%}
    {%- for name in names -%}
      {%- set node = builders.get(name | lower) -%}
      {%- if not node -%}
        {%- do problems.append(name ~ ' (not built by this project)') -%}
      {%- elif node.unique_id not in selected_resources -%}
        {%- do problems.append(name ~ ' (' ~ node.resource_type ~ ' ' ~ node.name ~ ' is not selected in this run)') -%}
      {%- elif node.config.materialized != 'table' and not flags.FULL_REFRESH -%}
        {%- do problems.append(name ~ ' (' ~ node.resource_type ~ ' ' ~ node.name ~ ' is materialized as '
                               ~ node.config.materialized ~ ' and would lose its data; run with --full-refresh)') -%}
      {%- endif -%}
    {%- endfor -%}
    {%- if problems -%}
      {%- do exceptions.raise_compiler_error(
          'Cannot replace ' ~ relation ~ ': a foreign key refers to it, and DuckDB replaces no such table. '
          ~ 'Tables that refer to it are dropped only if this run builds them again. Problem tables: '
          ~ problems | join('; ')) -%}
    {%- endif -%}

    {%- for name in names -%}
      {%- do log('Dropping ' ~ name ~ ', which refers to ' ~ relation ~ ' and is built again later in this run') -%}
      {%- do adapter.drop_relation(relation.incorporate(path={'identifier': name}, type='table')) -%}
    {%- endfor -%}
  {%- endif -%}
{%- endmacro %}
