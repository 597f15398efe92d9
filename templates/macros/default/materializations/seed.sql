{#
  A seed: a table filled from a CSV file. An existing table is emptied and filled again, so that views on it survive;
  with --full-refresh it is dropped and created anew.
#}

{%- materialization seed, default -%}
  {%- set existing_relation = adapter.get_relation(database=database, schema=schema, identifier=model['alias']) -%}
  {%- set target_relation = this.incorporate(type='table') -%}
  {%- set full_refresh = should_full_refresh() -%}
  {%- set grant_config = config.get('grants') -%}

  {%- set agate_table = load_agate_table() -%}
  {%- do store_result('agate_table', response='OK', agate_table=agate_table) -%}

  {{ run_hooks(pre_hooks, inside_transaction=False) }}
  {{ run_hooks(pre_hooks, inside_transaction=True) }}

  {%- if existing_relation is not none and existing_relation.is_view -%}
    {%- do exceptions.raise_compiler_error(
        "Cannot seed to '" ~ existing_relation.render() ~ "', it is a view") -%}
  {%- elif existing_relation is not none -%}
    {%- set table_sql = reset_csv_table(model, full_refresh, existing_relation, agate_table) -%}
  {%- else -%}
    {%- set table_sql = create_csv_table(model, agate_table) -%}
  {%- endif -%}
  {%- set rows_sql = load_csv_rows(model, agate_table) -%}

  {%- set code = 'CREATE' if full_refresh else 'INSERT' -%}
  {%- set rows = agate_table.rows | length -%}
  {%- call noop_statement('main', code ~ ' ' ~ rows, code, rows) -%}
    {{ get_csv_sql(table_sql, rows_sql) }}
  {%- endcall -%}

  {%- set revoke = should_revoke(existing_relation, full_refresh) -%}
  {%- do apply_grants(target_relation, grant_config, should_revoke=revoke) -%}
  {%- do persist_docs(target_relation, model) -%}

  {%- if existing_relation is none or full_refresh -%}
    {%- do create_indexes(target_relation) -%}
  {%- endif -%}

  {{ run_hooks(post_hooks, inside_transaction=True) }}
  {{ adapter.commit() }}
  {{ run_hooks(post_hooks, inside_transaction=False) }}

  {{ return({'relations': [target_relation]}) }}
{%- endmaterialization -%}
