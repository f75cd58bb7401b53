// A GraphQL service on graphql-js and graphql-relay, with the shape of AYON's: tasks of a project, at
// most 100 a page.
//
// usage: node paged_graphql.mjs NODE_MODULES
//
// Prints its port.

import http from 'node:http';
import path from 'node:path';
import { createRequire } from 'node:module';

const require = createRequire(path.resolve(process.argv[2], 'x.js'));
const { GraphQLObjectType, GraphQLSchema, GraphQLString, graphql } = require('graphql');
const { connectionArgs, connectionDefinitions, connectionFromArray } = require('graphql-relay');

const TASKS = Array.from({ length: 250 }, (_, number) => ({ name: `task "${number}" é` }));
const MOST = 100;

const task = new GraphQLObjectType({ name: 'Task', fields: { name: { type: GraphQLString } } });
const { connectionType } = connectionDefinitions({ nodeType: task });
const project = new GraphQLObjectType({
  name: 'Project',
  fields: {
    tasks: {
      type: connectionType,
      args: connectionArgs,
      resolve: (_, args) =>
        connectionFromArray(TASKS, { ...args, first: Math.min(args.first ?? MOST, MOST) }),
    },
  },
});
const query = new GraphQLObjectType({
  name: 'Query',
  fields: {
    project: {
      type: project,
      args: { name: { type: GraphQLString } },
      resolve: (_, { name }) => (name === 'tide' ? {} : null),
    },
  },
});
const schema = new GraphQLSchema({ query });

const server = http.createServer(async (request, response) => {
  let body = '';
  for await (const piece of request) body += piece;
  const { query: source, variables: variableValues } = JSON.parse(body);
  const result = await graphql({ schema, source, variableValues });
  response.setHeader('Content-Type', 'application/json');
  response.end(JSON.stringify(result));
});
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
