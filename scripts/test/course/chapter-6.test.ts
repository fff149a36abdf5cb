// deadline: 900 s
import { proveChapter } from './prove.ts';

await proveChapter(6);
