{#
  A model kept in files. Its rows are built as a table, copied to the location, and a view over the files takes the
  model's name; the table is dropped. Files without rows have no columns in some formats, so an empty result is written
  as one row of nulls, which the view leaves out.
#}

{%- materialization external, adapter='duckdb', supported_languages=['sql', 'python'] -%}
  {%- if adapter.in_release_set() -%}
    {%- do exceptions.raise_compiler_error('`' ~ model.name ~ '` cannot be part of a release set: '
        ~ 'its files are seen as soon as they are written') -%}
  {%- endif -%}

  {%- set location = render(config.get('location', default=external_location(this, config))) -%}
  {%- set options = external_options_with_format(location, render_write_options(config)) -%}
  {%- set write_options = adapter.external_write_options(location, options) -%}
  {%- set language = model['language'] -%}
  {%- set grant_config = config.get('grants') -%}

  {%- set target_relation = this.incorporate(type='view') -%}
  {%- set existing_relation = load_cached_relation(this) -%}
  {%- set rows_relation = make_intermediate_relation(this.incorporate(type='table'), suffix='__dbt_tmp') -%}
  {%- set view_relation = make_intermediate_relation(target_relation, suffix='__dbt_int') -%}
  {%- set backup_type = 'view' if existing_relation is none else existing_relation.type -%}
  {%- set backup_relation = make_backup_relation(target_relation, backup_type) -%}

  {%- do drop_relation_if_exists(load_cached_relation(rows_relation)) -%}
  {%- do drop_relation_if_exists(load_cached_relation(view_relation)) -%}
  {%- do drop_relation_if_exists(load_cached_relation(backup_relation)) -%}

  {{ run_hooks(pre_hooks, inside_transaction=False) }}
  {{ run_hooks(pre_hooks, inside_transaction=True) }}

  {%- call statement('create_table', language=language) -%}
    {{ create_table_as(False, rows_relation, compiled_code, language) }}
  {%- endcall -%}

  {%- set empty = run_query('select count(*) from ' ~ rows_relation).rows[0][0] == 0 -%}
  {%- if empty -%}
    {%- set columns = adapter.get_columns_in_relation(rows_relation) -%}
    {%- call statement('null_row') -%}
      insert into {{ rows_relation }} values (
      {%- for _ in columns %}null{% if not loop.last %}, {% endif %}{% endfor -%}
      )
    {%- endcall -%}
  {%- endif -%}

  {{ write_to_file(rows_relation, location, write_options) }}

  {%- call statement('main') -%}
    create or replace view {{ view_relation }} as (
      {{ external_read_query(location, options, config) }}
      {%- if empty %}
      where {% for column in columns %}{{ column.quoted }} is not null{% if not loop.last %} and {% endif %}{% endfor %}
      {%- endif %}
    );
  {%- endcall -%}

  {%- if existing_relation is not none -%}
    {%- do adapter.rename_relation(existing_relation, backup_relation) -%}
  {%- endif -%}
  {%- do adapter.rename_relation(view_relation, target_relation) -%}

  {{ run_hooks(post_hooks, inside_transaction=True) }}

  {%- set revoke = should_revoke(existing_relation, full_refresh_mode=True) -%}
  {%- do apply_grants(target_relation, grant_config, should_revoke=revoke) -%}
  {%- do persist_docs(target_relation, model) -%}

  {{ adapter.commit() }}

  {%- do drop_relation_if_exists(backup_relation) -%}
  {%- do drop_relation_if_exists(rows_relation) -%}

  {#- Glue is a plugin with configs of its own. -#}
  {%- set plugin = config.get('plugin') -%}
  {%- if config.get('glue_register', default=false) is true -%}
    {%- set plugin = 'glue|' ~ config.get('glue_database', 'default') -%}
  {%- endif -%}
  {%- if plugin -%}
    {%- do store_relation(plugin, target_relation, location, options['format'], config) -%}
  {%- endif -%}

  {{ run_hooks(post_hooks, inside_transaction=False) }}

  {{ return({'relations': [target_relation]}) }}
{%- endmaterialization -%}
