-- The project as four tables. Variables: `resources`, a file with a resource of the manifest a line; `catalog`, the
-- last catalog.json or a file without content; `folder`, where the tables go; `longest`, the bytes of the longest line.

create temporary table resources as
select *
from read_json(
  getvariable('resources'), format = 'newline_delimited', maximum_object_size = getvariable('longest'),
  columns = {
    unique_id: 'varchar', resource_type: 'varchar', name: 'varchar', package_name: 'varchar',
    original_file_path: 'varchar', fqn: 'varchar[]', database: 'varchar', schema: 'varchar', alias: 'varchar',
    identifier: 'varchar', relation_name: 'varchar', description: 'varchar', tags: 'varchar[]', "group": 'varchar',
    access: 'varchar', version: 'varchar', latest_version: 'varchar', language: 'varchar', owner: 'json',
    checksum: 'json', contract: 'json', config: 'json', meta: 'json',
    raw_code: 'varchar', compiled_code: 'varchar', depends_on: 'struct(nodes varchar[])',
    columns: 'map(varchar, struct(name varchar, description varchar, data_type varchar, tags varchar[], meta json, constraints json))',
    column_name: 'varchar', attached_node: 'varchar',
    test_metadata: 'json'
  }
);

create temporary table catalog_columns as
select entry.key as unique_id, col.value.name as name, col.value.index as position, col.value.type as data_type
from (
  select unnest(map_entries(map_concat(nodes, sources))) as entry
  from read_json(
    getvariable('catalog'), format = 'auto', maximum_object_size = getvariable('longest'),
    columns = {
      nodes: 'map(varchar, struct(columns map(varchar, struct(name varchar, index integer, type varchar))))',
      sources: 'map(varchar, struct(columns map(varchar, struct(name varchar, index integer, type varchar))))'
    }
  )
), unnest(map_entries(entry.value.columns)) as columns(col);

copy (
  select
    unique_id, resource_type, name, package_name, original_file_path, fqn, database, schema,
    coalesce(alias, identifier) as identifier, relation_name, config ->> 'materialized' as materialized, language,
    description, tags, "group" as group_name, owner, access, version, latest_version,
    cast(contract ->> 'enforced' as boolean) as contract_enforced,
    coalesce(checksum ->> 'checksum', checksum ->> '$') as checksum, config, meta, raw_code, compiled_code
  from resources
) to (getvariable('folder') || '/nodes.parquet') (format parquet, compression zstd);

copy (
  select parent_id, unique_id as child_id
  from resources, unnest(depends_on.nodes) as parents(parent_id)
) to (getvariable('folder') || '/edges.parquet') (format parquet, compression zstd);

-- What is declared, in its order, then what only the database has.
copy (
  with declared as (
    select unique_id, generate_subscripts(entries, 1) as place, unnest(entries).value as col
    from (select unique_id, map_entries(columns) as entries from resources)
  )
  select
    coalesce(declared.unique_id, found.unique_id) as unique_id, coalesce(col.name, found.name) as name,
    declared.place as declared_position, found.position as position, col.data_type as declared_type,
    found.data_type as data_type, coalesce(col.description, '') as description, coalesce(col.tags, []) as tags,
    col.meta as meta, col.constraints as constraints
  from declared
  full join catalog_columns as found
    on declared.unique_id = found.unique_id and lower(declared.col.name) = lower(found.name)
  order by 1, coalesce(position, declared_position), 2
) to (getvariable('folder') || '/columns.parquet') (format parquet, compression zstd);

copy (
  select
    unique_id, name,
    case when resource_type = 'unit_test' then 'unit' when test_metadata is null then 'singular' else 'generic' end as kind,
    test_metadata ->> 'name' as test_name, test_metadata ->> 'namespace' as test_namespace, test_metadata -> 'kwargs' as arguments,
    coalesce(attached_node, list_filter(depends_on.nodes, lambda id: starts_with(id, 'source.'))[1], depends_on.nodes[1]) as tested_id,
    column_name, lower(config ->> 'severity') as severity, config ->> 'warn_if' as warn_if,
    config ->> 'error_if' as error_if, tags
  from resources
  where resource_type in ('test', 'unit_test')
) to (getvariable('folder') || '/tests.parquet') (format parquet, compression zstd);
