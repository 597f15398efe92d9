{#
  DuckDB does not rename or drop a table that a foreign key refers to. Before such a table is replaced, the tables that
  refer to it step aside in the same transaction, provided that this run is going to build them again from nothing;
  otherwise the run stops before anything is lost. Their rows come back at once, without keys, until they are built.
#}

{# The kinds of constraints that the model's enforced contract declares. #}
{% macro enforced_constraint_types() -%}
  {%- if not config.get('contract').enforced -%}
    {{ return([]) }}
  {%- endif -%}
  {%- set constraints = [] + (model.get('constraints') or []) -%}
  {%- for column in model['columns'].values() -%}
    {%- do constraints.extend(column.get('constraints') or []) -%}
  {%- endfor -%}
  {{ return(constraints | map(attribute='type') | list) }}
{%- endmacro %}


{# The kinds of keys that a table had when the run began. #}
{% macro existing_constraint_types(relation) -%}
  {%- if relation is none or not relation.is_table -%}
    {{ return([]) }}
  {%- endif -%}
  {{ return(adapter.existing_key_constraint_types(relation, keys_of_schema_query(relation))) }}
{%- endmacro %}


{# The tables of a relation's schema and the kinds of their keys, in lower case. #}
{% macro keys_of_schema_query(relation) -%}
  select lower(table_name), lower(replace(constraint_type, ' ', '_'))
  from duckdb_constraints()
  where lower(database_name) = '{{ relation.database | lower | replace("'", "''") }}'
    and lower(schema_name) = '{{ relation.schema | lower | replace("'", "''") }}'
    and constraint_type in ('PRIMARY KEY', 'UNIQUE', 'FOREIGN KEY')
{%- endmacro %}


{#
  Has the model's table, as it is or as it is about to be, foreign keys? A table keeps referring by the name under which it
  was made, so such a one is made under its final name and not renamed.
#}
{% macro has_foreign_key_constraints(relation=none) -%}
  {%- if not adapter.catalog_supports_foreign_keys(this.database) -%}
    {{ return(False) }}
  {%- endif -%}
  {{ return('foreign_key' in enforced_constraint_types() + existing_constraint_types(relation)) }}
{%- endmacro %}


{# Could a foreign key refer to the model's table? Only with a key of its own, now or before. #}
{% macro may_be_foreign_key_target(relation=none) -%}
  {%- if not adapter.catalog_supports_foreign_keys(this.database) -%}
    {{ return(False) }}
  {%- endif -%}
  {%- set types = enforced_constraint_types() + existing_constraint_types(relation) -%}
  {{ return('primary_key' in types or 'unique' in types) }}
{%- endmacro %}


{# Drops a table that is about to be made anew under the same name. Returns what stepped aside for it. #}
{% macro drop_relation_for_rebuild(relation) -%}
  {%- do adapter.ensure_transaction() -%}
  {%- set aside = drop_foreign_key_dependents(relation)
                  if relation.is_table and may_be_foreign_key_target(relation) else [] -%}
  {%- do adapter.drop_relation(relation) -%}
  {{ return(aside) }}
{%- endmacro %}


{# Brings the rows of what stepped aside back, what others refer to first. #}
{% macro restore_foreign_key_dependents(dropped) -%}
  {%- for table in dropped | reverse -%}
    {%- do adapter.rename_relation(table['backup'], table['relation']) -%}
  {%- endfor -%}
{%- endmacro %}


{#
  Drops what refers to `relation`, directly or through others, those first that nothing refers to. Returns each with the
  copy of its rows.
#}
{% macro drop_foreign_key_dependents(relation) -%}
  {%- call statement('foreign_key_dependents', fetch_result=True) -%}
    with recursive foreign_keys as (
      select table_name, referenced_table
      from duckdb_constraints()
      where constraint_type = 'FOREIGN KEY'
        and lower(database_name) = '{{ relation.database | lower | replace("'", "''") }}'
        and lower(schema_name) = '{{ relation.schema | lower | replace("'", "''") }}'
        and lower(table_name) <> lower(referenced_table)
    ),
    dependents(table_name, depth) as (
      select table_name, 1
      from foreign_keys
      where lower(referenced_table) = '{{ relation.identifier | lower | replace("'", "''") }}'
      union
      select foreign_keys.table_name, dependents.depth + 1
      from foreign_keys
      join dependents on lower(foreign_keys.referenced_table) = lower(dependents.table_name)
    )
    select deepest.table_name, lower(foreign_keys.referenced_table)
    from (select table_name, max(depth) as depth from dependents group by table_name) as deepest
    join foreign_keys using (table_name)
    order by deepest.depth desc, deepest.table_name, foreign_keys.referenced_table
  {%- endcall -%}
  {%- set names = [] -%}
  {%- set refers_to = {} -%}
  {%- for name, referenced in load_result('foreign_key_dependents')['data'] -%}
    {%- if name not in names -%}
      {%- do names.append(name) -%}
      {%- do refers_to.update({name: []}) -%}
    {%- endif -%}
    {%- do refers_to[name].append(referenced) -%}
  {%- endfor -%}

  {%- set aside = [] -%}
  {%- if names -%}
    {%- set builders = {relation.identifier | lower: model} -%}
    {%- for node in graph.nodes.values()
        if node.resource_type == 'model'
        and node.schema | lower == relation.schema | lower
        and node.database | lower == relation.database | lower -%}
      {%- do builders.update({node.alias | lower: node}) -%}
    {%- endfor -%}

    {%- set problems = [] -%}
    {%- for name in names -%}
      {%- set node = builders.get(name | lower) -%}
      {%- set parents = [] -%}
      {%- for referenced in refers_to[name] if referenced in builders -%}
        {%- do parents.append(builders[referenced].unique_id) -%}
      {%- endfor -%}
      {%- if not node -%}
        {%- do problems.append(name ~ ' (not built by a model of this project)') -%}
      {%- elif node.unique_id not in selected_resources -%}
        {%- do problems.append(name ~ ' (' ~ node.resource_type ~ ' ' ~ node.name ~ ' is not selected in this run)') -%}
      {%- elif parents | select('in', node.depends_on.nodes) | list | length == 0 -%}
        {%- do problems.append(name ~ ' (' ~ node.resource_type ~ ' ' ~ node.name ~ ' does not ref() what its foreign key points at,'
                               ~ ' so it might not be built after it; use `to: ref(...)` in the constraint)') -%}
      {%- elif not is_built_from_nothing(node) -%}
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
      {%- set dependent = relation.incorporate(path={'identifier': name}, type='table') -%}
      {%- set backup = relation.incorporate(path={'identifier': name ~ '__dbt_fk_backup'}, type='table') -%}
      {%- do log('Dropping ' ~ dependent ~ ', which refers to ' ~ relation ~ ' and is built again later in this run', info=True) -%}
      {%- do adapter.drop_relation(backup) -%}
      {%- call statement('backup_foreign_key_dependent') -%}
        create table {{ backup }} as select * from {{ dependent }}
      {%- endcall -%}
      {%- do adapter.drop_relation(dependent) -%}
      {%- do aside.append({'relation': dependent, 'backup': backup}) -%}
    {%- endfor -%}
  {%- endif -%}
  {{ return(aside) }}
{%- endmacro %}


{# Does a model lose nothing when its table is dropped before its turn? #}
{% macro is_built_from_nothing(node) -%}
  {%- set refreshed = flags.FULL_REFRESH if node.config.full_refresh is none else node.config.full_refresh -%}
  {{ return(node.config.materialized == 'table' or (node.config.materialized == 'incremental' and refreshed)) }}
{%- endmacro %}
