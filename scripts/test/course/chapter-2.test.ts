// deadline: 600 s
import { proveChapter } from './prove.ts';

await proveChapter(2);
