-- Keeps others from relations that are about to be replaced. A view is locked by giving it the owner that it has: `lock table`
-- would lock all that it reads, too.
select
  set_config('tidegate.replaced', %s, true),
  set_config('tidegate.lock_timeout', current_setting('lock_timeout'), true),
  set_config('lock_timeout', %s, true);
do $$
declare
  found record;
begin
  for found in
    select relation.oid::regclass::text as name, relation.relkind as kind,
      quote_ident(pg_get_userbyid(relation.relowner)) as owner
    from json_array_elements(current_setting('tidegate.replaced')::json) as wanted
    join pg_namespace place on place.nspname = wanted ->> 0
    join pg_class relation on relation.relnamespace = place.oid and relation.relname = wanted ->> 1
    order by 1
  loop
    if found.kind in ('r', 'p') then
      execute 'lock table only ' || found.name || ' in access exclusive mode';
    elsif found.kind in ('v', 'm') then
      execute 'alter table ' || found.name || ' owner to ' || found.owner;
    end if;
  end loop;
end $$;
select set_config('lock_timeout', current_setting('tidegate.lock_timeout'), true)
