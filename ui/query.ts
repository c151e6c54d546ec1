/** The address keeps the place: filters and pages stand in the query, so that reload and back find them again. */
import { computed, type ComputedRef } from 'vue';
import { useRoute, useRouter } from 'vue-router';

/** The page of a list, from 1, and the way to another one. */
export function usePaging(): { readonly page: ComputedRef<number>; readonly go: (to: number) => void } {
  const route = useRoute();
  const router = useRouter();
  return { page: computed(() => Number(route.query['page'] ?? 1) || 1), go: (to) => { void router.push({ query: { ...route.query, page: to } }); } };
}

/** What the address says under a name; empty where it says nothing, or more than one thing. */
export function useQueryText(): (name: string) => string {
  const route = useRoute();
  return (name) => { const value = route.query[name]; return typeof value === 'string' ? value : ''; };
}
