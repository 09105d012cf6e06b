// Prints the OpenAPI document: npm run openapi > openapi.json
import { openapiDocument } from './document';

console.log(JSON.stringify(openapiDocument, null, 2));
