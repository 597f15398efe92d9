{#
  A view that others depend on is replaced where it stands, so that these stay: views of other projects, of people.
  Postgres allows that as long as the old columns are the first of the new ones, by name and type; else the views change
  names, and what depended on the old one falls with it.
#}

{% macro postgres__replace_view_in_place(existing_relation, intermediate_relation) %}
  {%- if not (existing_relation.is_view and adapter.has_dependents(existing_relation)) -%}
    {{ return(False) }}
  {%- endif -%}

  {%- set steps = run_query(postgres_view_replacement_sql(existing_relation, intermediate_relation)) -%}
  {%- if steps.rows | length == 0 -%}
    {{ return(False) }}
  {%- endif -%}

  {%- call statement('replace_view') -%}
    {{ steps.columns[0].values() | join(';\n') }}
  {%- endcall -%}
  {%- do adapter.drop_relation(intermediate_relation) -%}
  {{ return(True) }}
{% endmacro %}


{#
  The statements that give the old view the definition of the new one and take from it what a new view would not have:
  privileges and comments. No rows if its columns do not allow that. What the database made of the definition is
  taken, not the model's SQL: a project may have its own `create_view_as`.
#}
{% macro postgres_view_replacement_sql(existing_relation, intermediate_relation) %}
  {%- set view = existing_relation.render() | replace("'", "''") -%}
  with pair as (
    select
      old.oid as old_id, old.relowner as owner, old.relacl as old_acl,
      new.oid as new_id, new.relacl as new_acl, new.reloptions as options
    from pg_namespace place
    join pg_class old on old.relnamespace = place.oid
    join pg_class new on new.relnamespace = place.oid
    where place.nspname = '{{ existing_relation.schema | replace("'", "''") }}'
      and old.relname = '{{ existing_relation.identifier | replace("'", "''") }}'
      and new.relname = '{{ intermediate_relation.identifier | replace("'", "''") }}'
      and old.relkind = 'v' and new.relkind = 'v'
      and not exists (
        select 1
        from pg_attribute had
        left join pg_attribute has
          on has.attrelid = new.oid and has.attnum = had.attnum and has.attname = had.attname
          and has.atttypid = had.atttypid and has.atttypmod = had.atttypmod and has.attcollation = had.attcollation
        where had.attrelid = old.oid and had.attnum > 0 and has.attnum is null
      )
  ),
  steps as (
    select
      1 as place,
      'create or replace view {{ view }}' || coalesce(' with (' || array_to_string(options, ', ') || ')', '')
        || ' as ' || rtrim(pg_get_viewdef(new_id), ';') as step
    from pair
    union all
    select 2, 'revoke ' || had.privilege_type || ' on {{ view }} from '
      || case had.grantee when 0 then 'public' else quote_ident(pg_get_userbyid(had.grantee)) end || ' cascade'
    from pair, aclexplode(old_acl) had
    where had.grantee <> owner and not exists (
      select 1 from aclexplode(new_acl) has
      where has.grantee = had.grantee and has.privilege_type = had.privilege_type
    )
    union all
    select 3, 'grant ' || has.privilege_type || ' on {{ view }} to '
      || case has.grantee when 0 then 'public' else quote_ident(pg_get_userbyid(has.grantee)) end
    from pair, aclexplode(new_acl) has
    where has.grantee <> owner and not exists (
      select 1 from aclexplode(old_acl) had
      where had.grantee = has.grantee and had.privilege_type = has.privilege_type
    )
    union all
    select 4, case note.objsubid
      when 0 then 'comment on view {{ view }} is null'
      else 'comment on column {{ view }}.' || quote_ident(col.attname) || ' is null' end
    from pair
    join pg_description note on note.objoid = old_id and note.classoid = 'pg_class'::regclass
    left join pg_attribute col on col.attrelid = old_id and col.attnum = note.objsubid
  )
  select step from steps order by place
{% endmacro %}
